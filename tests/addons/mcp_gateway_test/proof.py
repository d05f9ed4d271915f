"""Takes one protection of the addon out, in every process that loads the test addon (see ``bin/prove``)."""

import importlib.util


def take_out(path: str) -> None:
    """Run ``apply()`` of the proof at ``path``."""
    spec = importlib.util.spec_from_file_location("mcp_gateway_proof", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.apply()
