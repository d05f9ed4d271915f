from . import (
    test_http_invariants,
    test_protocol_challenge,
    test_protocol_credentials,
    test_protocol_errors,
    test_protocol_headers,
    test_protocol_messages,
    test_protocol_pagination,
    test_protocol_preflight,
    test_protocol_properties,
    test_protocol_results,
    test_protocol_revisions,
    test_protocol_strict_json,
)
