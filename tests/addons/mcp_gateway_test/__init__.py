from . import models, toolsets
