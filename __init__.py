from . import controllers, models, toolsets, wizards
from .hooks import post_load, uninstall_hook
