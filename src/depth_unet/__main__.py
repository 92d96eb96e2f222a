"""``python -m depth_unet`` is ``depth-unet``."""

import sys

from depth_unet.cli import main

sys.exit(main())
