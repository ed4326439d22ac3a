from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from internal.infrastructure.http.dashboard.page import Frame
from internal.infrastructure.monitoring.services import Services, memory_share, warnings_of


@get("/services")
async def service_page(
    frame: NamedDependency[Frame], services: SkipValidation[NamedDependency[Services]]
) -> Template:
    report = await services.report()
    redis = None if isinstance(report.redis, str) else report.redis
    postgres = None if isinstance(report.postgres, str) else report.postgres
    return frame.page(
        "services.html",
        report=report,
        redis=redis,
        postgres=postgres,
        share=memory_share(redis) if redis else None,
        warnings=list(warnings_of(report)),
    )
