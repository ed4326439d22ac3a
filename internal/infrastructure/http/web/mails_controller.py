import math
import re
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation

from internal.infrastructure.email.mail_folder import MailFile, MailFolder
from internal.infrastructure.http.access import ANYONE, access
from internal.infrastructure.http.web.mail_frame import mail_frame
from internal.infrastructure.http.web.page import page

_PER_PAGE = 50
_NUMBER = re.compile("[0-9]{1,4}")

AnyRequest = Request[Any, Any, Any]
Folder = SkipValidation[NamedDependency[MailFolder]]


class MailsController(Controller):
    """Shows the emails that the worker has sent. Only development has it: emails have secret links."""

    path = "/dev/mails"
    opt = access(ANYONE)

    @get(sync_to_thread=True)
    def page(self, request: AnyRequest, mail_folder: Folder) -> Response[Any]:
        number = _page_number(request.query_params.get("page", ""))
        files, total = mail_folder.newest(limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
        pages = math.ceil(total / _PER_PAGE)
        return page(request, "mails.html", files=files, total=total, number=number, pages=pages)

    @get("/{name:str}", sync_to_thread=True)
    def mail(self, request: AnyRequest, name: FromPath[str], mail_folder: Folder) -> Response[Any]:
        return page(request, "mail.html", file=_found(mail_folder, name))

    @get("/{name:str}/html", sync_to_thread=True)
    def frame(self, name: FromPath[str], mail_folder: Folder) -> Response[Any]:
        html = _found(mail_folder, name).mail.html
        if html is None:
            raise NotFoundException
        return mail_frame(html)


def _found(folder: MailFolder, name: str) -> MailFile:
    file = folder.read(name)
    if file is None:
        raise NotFoundException
    return file


def _page_number(text: str) -> int:
    return max(1, int(text)) if _NUMBER.fullmatch(text) else 1
