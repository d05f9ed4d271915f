# isort: skip_file
# The base before what builds on it.
from . import mcp_toolset
from . import records, model_descriptions, analysis, relationships
from . import attachments, knowledge, prompts, reports, resources, session, approvals
from . import methods, workflow, actions
from . import writing, chatter, activities
from . import words, watch
