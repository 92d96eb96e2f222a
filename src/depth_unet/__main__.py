"""``python -m depth_unet`` is ``depth-unet``."""

import sys

from depth_unet.cli.main import main

sys.exit(main())
