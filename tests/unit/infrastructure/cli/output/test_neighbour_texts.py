from internal.infrastructure.cli.output.neighbour_texts import neighbour_texts
from internal.ports.task_snapshots import GroupProgress, Neighbour, Neighbours

MAIL = Neighbour(queue="low", id="7", name="mail")


def test_a_task_that_is_alone_has_no_fields() -> None:
    assert neighbour_texts(None) == {}


def test_a_step_of_a_chain_names_the_tasks_around_it() -> None:
    found = Neighbours(follows=Neighbour(queue="default", id="1"), on_success=[MAIL, MAIL], on_failure=[MAIL])

    assert neighbour_texts(found) == {
        "follows": "default 1",
        "group": None,
        "on success": "mail (low 7), mail (low 7)",
        "on failure": "mail (low 7)",
    }


def test_a_task_of_a_group_says_how_far_the_group_is() -> None:
    found = Neighbours(follows_group="a1", group=GroupProgress(id="b2", size=1200, done=1000))

    texts = neighbour_texts(found)

    assert (texts["follows"], texts["group"]) == ("group a1", "b2, 1,000 of 1,200 done")
