"""oclc-console: the console libraries run their OCLC work on."""

__version__ = "0.1.0"
