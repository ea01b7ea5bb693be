"""oclc-console: the console libraries run their OCLC work on."""

import os

__version__ = "0.1.0"

# numpy's linear algebra, which nothing here needs, would start a thread for every core, and these wait at full speed
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# and pydantic would look through everything that is installed for plugins of its own
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
