# ruff: noqa: N802 - the methods have the names of account.proto
from collections.abc import Callable

from internal.application.users.change_name import ChangeName, ChangeNameCommand
from internal.application.users.change_password import ChangePassword, ChangePasswordCommand
from internal.application.users.delete_account import DeleteAccount, DeleteAccountCommand
from internal.application.users.export_account import ExportAccount, ExportAccountCommand
from internal.application.users.list_own_security_events import (
    ListOwnSecurityEvents,
    ListOwnSecurityEventsCommand,
)
from internal.application.users.request_email_change import RequestEmailChange, RequestEmailChangeCommand
from internal.infrastructure.grpc.current_call import current_caller, current_principal
from internal.infrastructure.grpc.event_messages import USUAL_LIMIT, event_message
from internal.infrastructure.grpc.export_messages import export_message
from internal.infrastructure.grpc.generated.account.v1 import account_pb2
from internal.infrastructure.grpc.generated.account.v1.account_pb2_grpc import AccountServiceServicer
from internal.infrastructure.grpc.metadata import ServicerContext
from internal.infrastructure.grpc.user_messages import user_message


class AccountService(AccountServiceServicer):
    def __init__(
        self,
        *,
        change_name: Callable[[], ChangeName],
        change_password: Callable[[], ChangePassword],
        request_email_change: Callable[[], RequestEmailChange],
        delete_account: Callable[[], DeleteAccount],
        export_account: Callable[[], ExportAccount],
        list_own_security_events: Callable[[], ListOwnSecurityEvents],
    ) -> None:
        self._change_name = change_name
        self._change_password = change_password
        self._request_email_change = request_email_change
        self._delete_account = delete_account
        self._export_account = export_account
        self._list_own_security_events = list_own_security_events

    async def GetAccount(
        self, _request: account_pb2.GetAccountRequest, _: ServicerContext
    ) -> account_pb2.GetAccountResponse:
        return account_pb2.GetAccountResponse(user=user_message(current_principal().user))

    async def ChangeName(
        self, request: account_pb2.ChangeNameRequest, _: ServicerContext
    ) -> account_pb2.ChangeNameResponse:
        user = await self._change_name()(
            ChangeNameCommand(principal=current_principal(), name=request.name, caller=current_caller())
        )
        return account_pb2.ChangeNameResponse(user=user_message(user))

    async def ChangePassword(
        self, request: account_pb2.ChangePasswordRequest, _: ServicerContext
    ) -> account_pb2.ChangePasswordResponse:
        await self._change_password()(
            ChangePasswordCommand(
                principal=current_principal(),
                current_password=request.current_password,
                new_password=request.new_password,
                caller=current_caller(),
            )
        )
        return account_pb2.ChangePasswordResponse()

    async def ChangeEmail(
        self, request: account_pb2.ChangeEmailRequest, _: ServicerContext
    ) -> account_pb2.ChangeEmailResponse:
        await self._request_email_change()(
            RequestEmailChangeCommand(
                principal=current_principal(),
                email=request.email,
                password=request.password,
                caller=current_caller(),
            )
        )
        return account_pb2.ChangeEmailResponse()

    async def DeleteAccount(
        self, request: account_pb2.DeleteAccountRequest, _: ServicerContext
    ) -> account_pb2.DeleteAccountResponse:
        await self._delete_account()(
            DeleteAccountCommand(
                principal=current_principal(), password=request.password, caller=current_caller()
            )
        )
        return account_pb2.DeleteAccountResponse()

    async def ExportAccount(
        self, _request: account_pb2.ExportAccountRequest, _: ServicerContext
    ) -> account_pb2.ExportAccountResponse:
        principal = current_principal()
        exported = await self._export_account()(ExportAccountCommand(user=principal.user))
        return export_message(exported, current_id=principal.session_id)

    async def ListSecurityEvents(
        self, request: account_pb2.ListSecurityEventsRequest, _: ServicerContext
    ) -> account_pb2.ListSecurityEventsResponse:
        page = await self._list_own_security_events()(
            ListOwnSecurityEventsCommand(
                user=current_principal().user,
                size=request.limit or USUAL_LIMIT,
                cursor=request.cursor or None,
            )
        )
        return account_pb2.ListSecurityEventsResponse(
            events=map(event_message, page.events), next_cursor=page.next or ""
        )
