from . import asking, conformance, mcp_toolset_test, slow
