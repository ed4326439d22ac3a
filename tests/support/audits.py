from internal.application.audit import Audit
from internal.domain.operator import Operator
from internal.ports.audit_trail import AuditTrail
from tests.fakes.audit_trail import FakeAuditTrail
from tests.support.callers import CALLER

ADA = "cli:ada@desk"


def audit_on(trail: AuditTrail | None = None) -> Audit:
    """The audit of Ada, who works at the command line."""
    return Audit(trail=trail or FakeAuditTrail(), actor=Operator(ADA), caller=CALLER)
