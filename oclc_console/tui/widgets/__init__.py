"""The parts the screens are drawn with: plain text, lines, tables, the lines above and below every screen."""
