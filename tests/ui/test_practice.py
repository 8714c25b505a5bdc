from tests.ui.conftest import open_app


def test_the_page_renders_over_the_small_question_bank(small_handbook):
    app = open_app("ui/practice.py")
    assert len(app.main) > 0
    assert not app.error
    assert not app.exception
