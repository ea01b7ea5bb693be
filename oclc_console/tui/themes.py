"""The console's own two colour themes, dark and light: quiet greys, one accent, and three colours that mean something. Any
of Textual's themes can be chosen in the palette instead."""

from __future__ import annotations

from textual.theme import Theme

THEMES = (
    Theme(name="console-dark", primary="#5fafaf", secondary="#5f8787", accent="#5fd7d7", foreground="#d0d0d0",
          background="#121314", surface="#16181a", panel="#1f2326", success="#87af5f", warning="#d7af5f", error="#e06c75",
          dark=True, variables={"block-cursor-background": "#2f5f66", "block-cursor-foreground": "#ffffff",
                                "border": "#5fd7d7", "border-blurred": "#4a5256"}),
    Theme(name="console-light", primary="#00666b", secondary="#4d7d80", accent="#00666b", foreground="#1c1c1c",
          background="#fafafa", surface="#f2f2f2", panel="#e6e8e8", success="#3c6e1f", warning="#8a5a00", error="#b0202c",
          dark=False, variables={"block-cursor-background": "#b5dcdd", "block-cursor-foreground": "#000000",
                                 "border": "#00666b", "border-blurred": "#a5adad"}),
)
