from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from internal.infrastructure.http.web.form import Form

# A form has one value as text, several as a list.
Texts = Annotated[list[str], Meta(max_length=500)] | str


class ChosenForm(Form, frozen=True, kw_only=True):
    """The rows of a list that an action is for. `whole_page` chooses all rows that are `shown`."""

    id: Texts = ""
    shown: Texts = ""
    whole_page: str = ""
    is_confirmed: str = ""

    @property
    def ids(self) -> Sequence[str]:
        chosen = self.shown if self.whole_page else self.id
        return [chosen] if isinstance(chosen, str) and chosen else list(chosen)
