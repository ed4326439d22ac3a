class InvalidSettings(Exception):
    """Some variables are invalid. `problems` has one line per variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
