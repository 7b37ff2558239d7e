"""What a model writes is hostile until shown: nothing runs, nothing loads, nothing leads away."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from annotate.ranking.models import Completion
from tests.annotate.collecting import collecting_round
from tests.browser.conftest import Visit
from tests.browser.screens import annotator_of, rank_path, texts

HOSTILE = """# A heading

<script>window.broken = 1</script><img src="x" onerror="window.broken = 2">

![spy](https://spy.example/pixel.png) [click me](javascript:window.broken=3) [out](https://spy.example/)

<iframe src="https://spy.example/"></iframe><a href="https://spy.example/" ping="https://spy.example/">raw</a>

| name | value |
|------|-------|
| `a`  | **b** |

```html
<b onclick="window.broken = 4">code stays code</b>
```
"""


def hostile_page(visit: Visit) -> Page:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text=HOSTILE)
    page = visit(annotator_of(round), "/")
    leaks: list[str] = []
    page.on("request", lambda request: leaks.append(request.url) if "spy.example" in request.url else None)
    page.goto(rank_path(round))
    texts(page)
    assert leaks == []
    return page


def test_it_runs_and_loads_nothing_that_a_model_wrote(visit: Visit) -> None:
    page = hostile_page(visit)
    page.get_by_text("click me").click()
    page.get_by_text("out", exact=True).click()
    assert page.evaluate("window.broken") is None
    assert page.locator("article img, article script, article iframe, article a").count() == 0
    assert page.url.endswith("/rank")


def test_it_shows_markdown_as_its_writer_meant_it(visit: Visit) -> None:
    page = hostile_page(visit)
    expect(page.locator("article table td strong")).to_have_text("b")
    expect(page.locator("article pre code")).to_contain_text('<b onclick="window.broken = 4">')
    expect(page.locator("article").get_by_text("image: spy")).to_be_visible()
    expect(page.locator("article").get_by_text("<script>window.broken = 1</script>")).to_be_visible()


def test_it_sets_formulas_under_the_content_security_policy(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text="The area is \\(\\pi r^2\\), and it costs $5.")
    page = visit(annotator_of(round), rank_path(round))
    texts(page)
    expect(page.locator("article .katex msup")).to_have_count(1)
    expect(page.locator("article").get_by_text("it costs $5")).to_be_visible()


def test_it_tells_an_annotator_nothing_of_where_an_answer_comes_from(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=4)
    said: list[str] = []
    page = visit(annotator_of(round), "/")
    page.on("response", lambda answer: said.append(answer.text()) if "/api/" in answer.url else None)
    page.goto(rank_path(round))
    texts(page)
    everything = " ".join(said)
    for secret in ("starter", "checkpoint", "temperature", "logprob", "seed", "reward", "d" * 64):
        assert secret not in everything


def test_it_colours_code_and_lets_it_be_copied(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text="```python\nprint('x')  # safe\n```")
    page = visit(annotator_of(round), rank_path(round))
    texts(page)
    code = page.locator("article pre")
    expect(code.locator(".hljs-string")).to_have_text("'x'")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "print('x')  # safe"


def test_it_runs_each_paragraph_the_way_its_script_runs(visit: Visit) -> None:
    round = collecting_round(comparisons=1, k=2)
    Completion.objects.filter(index=0).update(text="شكرا جزيلا يا نورا\n\nThank you, Nora.")
    page = visit(annotator_of(round), rank_path(round))
    texts(page)
    lefts = page.evaluate(
        """() => [...document.querySelectorAll('article p')].slice(0, 9).map((p) => {
          const range = document.createRange()
          range.selectNodeContents(p)
          return [p.innerText, range.getBoundingClientRect().left - p.getBoundingClientRect().left]
        })"""
    )
    indents = dict(lefts)
    assert indents["Thank you, Nora."] < 1
    assert indents["شكرا جزيلا يا نورا"] > 50
