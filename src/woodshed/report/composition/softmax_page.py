"""The page of a softmax analysis: seven questions to the last layer of a model that writes tunes."""

from __future__ import annotations

from woodshed.composition.sequence.softmax_analysis import SoftmaxAnalysis
from woodshed.errors import counted
from woodshed.html.document import document
from woodshed.html.heat_map import STYLE as HEAT_STYLE
from woodshed.html.markup import element, name_of
from woodshed.report.composition import softmax_figure, softmax_section, softmax_words

QUESTIONS = {
    "bias": (
        "What does each unit favour, and what does the bias?",
        "Before the net draws a token, every unit of its last hidden layer votes for some tokens and "
        "against others, as loudly as its value is high; a low value turns the votes round. A bias votes, "
        "too, always the same. Token by token the votes are added up to logits, and their softmax is what "
        "may come next.",
    ),
    "change": (
        "By how much must a vote change to be heard?",
        "If d is added to the logit of a token with the chance p, and to no other, then its chance is "
        "multiplied by a, with d = ln(a (1 − p) / (1 − a p)). Nothing can be surer than sure, so a stays "
        "below 1 / p.",
    ),
    "alike": (
        "Are the units of one mind with the bias?",
        "If most units favoured what the bias favours, the net would say the same thing many times over.",
    ),
    "directions": (
        "Which groups of tokens do the units move together?",
        "The singular value decomposition finds, one after the other, the mixture of units that moves the "
        "logits most. Each such direction lifts some tokens and lowers others; its singular value says "
        "how far.",
    ),
    "activity": (
        "What goes on in the net while it writes a tune?",
        "The net wrote the tune below by itself and then read it again, token by token. The maps show "
        "what it expected, what its last layer was doing, and which moments were alike to it.",
    ),
    "lobotomy": (
        "What can it no longer do without a part of it?",
        "Directions or units are taken out of the last layer, and the rest stays as it is. The crippled "
        "net reads tunes that it knows, and writes anew.",
    ),
    "training": (
        "Did it learn by heart, and when could it have stopped?",
        "While it learned, tunes that it did not learn from were kept to test it after every pass.",
    ),
}
"""The seven questions in their order: name -> question, and what it is about."""

STYLE = f"""
figure.said {{ margin: 1.4rem 0 2rem; }}
figure.said figcaption {{ font-family: var(--serif); font-size: 1rem; color: var(--ink); max-width: 42rem; margin-top: 0.5rem; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sheet); border-radius: 8px; padding: 0.7rem 1rem; font-size: 0.84rem; margin: 0.3rem 0 1rem; }}
audio {{ display: block; width: 100%; max-width: 32rem; margin: 0 0 1rem; }}
{HEAT_STYLE}{softmax_figure.STYLE}"""  # noqa: E501  a line of CSS


def summary(analysis: SoftmaxAnalysis) -> list[tuple[str, str]]:
    """Return each question with the sentence that answers it in short."""
    answers = (
        softmax_words.bias_words,
        softmax_words.closed_form_words,
        softmax_words.correlation_words,
        softmax_words.size_words,
        softmax_words.context_words,
        softmax_words.lobotomy_words,
        softmax_words.training_words,
    )
    return [
        (question, tell(analysis)[0]) for (question, _), tell in zip(QUESTIONS.values(), answers, strict=True)
    ]


def softmax_page(analysis: SoftmaxAnalysis, model: str) -> str:
    """Return the page.

    Parameters
    ----------
    analysis
        What was found.
    model
        What the model is called.
    """
    parts = {
        "bias": softmax_section.bias_part(analysis),
        "change": softmax_section.change_part(analysis),
        "alike": softmax_section.alike_part(analysis),
        "directions": softmax_section.direction_part(analysis),
        "activity": softmax_section.activity_part(analysis),
        "lobotomy": softmax_section.lobotomy_part(analysis),
        "training": softmax_section.training_part(analysis),
    }
    n_last = analysis.kernel.size + analysis.bias.size
    header = element(
        "header",
        element("p", "woodshed · explain", class_="kicker"),
        element("h1", "What the last layer of ", element("b", name_of(model)), " knows"),
        element(
            "p",
            f"Seven questions to {n_last:,} of its {analysis.n_weights:,} weights: those of the softmax "
            f"layer, by which {counted(len(analysis.kernel), 'unit')} become the chances of "
            f"{len(analysis.vocabulary)} tokens.",
            class_="lede",
        ),
        element(
            "p",
            "A tune is a row of tokens: a metre (“M:6/8”), a mode (“K:Cdor”: dorian on C), then bar lines "
            "(“|”), pitches (“G” lies below “g”, “^” is sharp, “_” flat, “=” natural) and lengths (“2”: "
            f"twice an eighth). {counted(len(analysis.traces), 'tune')} that it learned from were read to "
            "measure what is told here.",
            class_="note",
        ),
    )
    sections = [
        element("section", element("h2", f"{k}. {question}"), element("p", about), parts[name], id=name)
        for k, (name, (question, about)) in enumerate(QUESTIONS.items(), start=1)
    ]
    links = [element("a", question, href=f"#{name}") for name, (question, _) in QUESTIONS.items()]
    source = element(
        "footer",
        "After B. L. Sturm, “What do these 5,599,881 parameters mean? An analysis of a specific LSTM "
        "music transcription model, starting with the 70,281 parameters of its softmax layer” (MUME "
        "2018). Made by woodshed. The page holds everything it shows and loads nothing.",
    )
    return document(
        f"{model}: what its last layer knows",
        header,
        element("nav", *links, aria_label="On this page"),
        element("main", *sections),
        source,
        more_style=STYLE,
    )
