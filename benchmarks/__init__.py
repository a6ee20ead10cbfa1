"""What it costs, beside what others need for the same. Not a part of the package; every module is run as ``python -m``."""
