"""Who acts at the command line, and where it is recorded."""

import os
import pwd
import socket

from internal.application.admin.list_audit import OPERATOR_PREFIX
from internal.application.audit import Audit
from internal.domain.caller import Caller
from internal.domain.operator import Operator
from internal.infrastructure.telemetry.logged_audit_trail import LoggedAuditTrail
from internal.ports.audit_trail import AuditTrail


def audit_of_operator(store: AuditTrail) -> Audit:
    """An operator also acts while the store is away. Then the log has what they did."""
    nowhere = Caller(address=None, user_agent=None, request_id=None)
    return Audit(trail=LoggedAuditTrail(store), actor=operator_here(), caller=nowhere)


def operator_here() -> Operator:
    """Who runs this process, by the operating system: anybody can set USER."""
    return Operator(f"{OPERATOR_PREFIX}{_user_name()}@{socket.gethostname()}")


def _user_name() -> str:
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container may run as a user without a name
        return str(number)
