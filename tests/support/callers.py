from internal.domain.caller import Caller

# An address that is reserved for documentation.
CALLER = Caller(address="192.0.2.7", user_agent="test", request_id="request-1")
