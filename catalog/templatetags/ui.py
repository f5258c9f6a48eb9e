"""The portal's parts as template tags, one per component of the design: state, digest, meter, time, code, field …

A template builtin (settings): no `{% load %}` needed. Whatever comes from data is escaped here.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from catalog import commands, drawings, icons, moments, slots, vocabulary
from catalog import requirements as reading
from catalog.forms import VERSION, version_of
from catalog.rights import ACTIONS
from catalog.timeline import history_panel
from catalog.views.paging import query_string

register = template.Library()


# ---- icon and state


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One icon by lucide name, or gate, gate-open, gate-shut, drift; `size` is "", "sm" or "lg"."""
    return icons.svg(str(name), str(size))


@register.simple_tag
def state(area: str, value: object, look: str = "", *, word: str = "") -> SafeString:
    """Icon, word and tone of `value` in a vocabulary area.

    `look`: "" loud, "calm" calm when good or mute (lists), "quiet" always calm, "tag" boxed (page heads).
    `word` replaces the word where a page can say more ("2 drifted").
    """
    known = vocabulary.look_up(area, value)
    calm = look == "quiet" or (look == "calm" and known.tone in vocabulary.CALM_TONES)
    style = " state--calm" if calm else " state--tag" if look == "tag" else ""
    return format_html(
        '<span class="state{} t-{}">{}{}</span>', style, known.tone, icons.svg(known.icon), word or known.word
    )


@register.filter
def tone(value: object, area: str) -> str:
    """The tone of `value` in `area`, for `class="t-…"`."""
    return vocabulary.look_up(area, value).tone


@register.filter
def word(value: object, area: str) -> str:
    """The word for `value` in `area`."""
    return vocabulary.look_up(area, value).word


@register.filter
def state_icon(value: object, area: str) -> SafeString:
    """The icon of `value` in `area`."""
    return icons.svg(vocabulary.look_up(area, value).icon)


# ---- ids and digests


@register.simple_tag
def digest(value: object, *, full: bool = False, href: str = "", name: str = "digest") -> SafeString:
    """A digest in short, with the whole of it in title, print and copy button. `full` keeps the algorithm."""
    whole = str(value or "")
    algorithm, _, rest = whole.rpartition(":")
    short = f"{rest[:7]}…{rest[-4:]}" if len(rest) > 14 else rest
    return _identifier(whole, f"{algorithm}:{short}" if full and algorithm else short, name, href)


@register.simple_tag
def copy_id(value: object, name: str = "id", *, length: int = 8, href: str = "") -> SafeString:
    """An identifier cut to `length` characters, with a button that copies the whole of it."""
    whole = str(value or "")
    return _identifier(whole, whole[:length], name, href)


def _identifier(whole: str, short: str, name: str, href: str) -> SafeString:
    if not whole:
        return mark_safe("")
    shown = format_html('<code data-full="{}" title="{}">{}</code>', whole, whole, short)
    if href:
        shown = format_html('<a href="{}">{}</a>', href, shown)
    button = format_html(
        '<button class="copy" type="button" data-copy="{}" aria-label="Copy {} {}">{}</button>',
        whole,
        name,
        short,
        icons.svg("copy", "sm"),
    )
    return format_html('<span class="id">{}{}</span>', shown, button)


# ---- the gate


@register.simple_tag
def meter(requirements: Sequence[Mapping], *, decorative: bool = False) -> SafeString:
    """The portcullis in a row; `decorative` where the words beside it already say the numbers."""
    held, total = reading.count(requirements)
    label = f"{held} of {total} requirements satisfied"
    voice = mark_safe('aria-hidden="true"') if decorative else format_html('role="img" aria-label="{}"', label)
    lines = format_html_join(
        "",
        '<line class="t-{}" x1="{}" y1="{}" x2="{}" y2="{}" stroke-width="{}"/>',
        ((bar.tone, bar.x, bar.top, bar.x, bar.end, bar.width) for bar in drawings.meter(requirements)),
    )
    return format_html(
        '<svg class="meter" viewBox="0 0 40 22" {}><path class="arch" d="M1 21.5V11a19 10 0 0 1 38 0v10.5"/>{}</svg>',
        voice,
        lines,
    )


@register.simple_tag
def metered(requirements: Sequence[Mapping]) -> SafeString:
    """The meter with its numbers beside it."""
    held, total = reading.count(requirements)
    return format_html(
        '<span class="metered">{}<span>{}<span class="dim">/{}</span></span></span>', meter(requirements), held, total
    )


@register.inclusion_tag("components/gate_picture.html")
def gate_picture(requirements: Sequence[Mapping]) -> dict[str, Any]:
    """The large gate at the head of the why-blocked card; each bar is a link to its requirement."""
    held, total = reading.count(requirements)
    bars = drawings.gate(requirements)
    gap = drawings.gap(bars)
    return {"bars": bars, "beams": drawings.beams(bars), "gap": gap, "held": held, "total": total}


register.filter("open_first", reading.open_first)
register.filter("is_open", reading.is_open)
register.filter("has_more", reading.has_more)
register.filter("tally", reading.tally)


# ---- time and people


@register.simple_tag
def when(value: datetime | str | None, look: str = "") -> SafeString:
    """`<time>`: relative within a week, the day before that; exact with its zone in the title.

    `look`: "" "38 min", "ago" "38 min ago", "clock" "15:30" or "19 Nov, 15:30", "time" "15:30",
    "exact" always day, year and time.
    """
    moment = parse_datetime(value) if isinstance(value, str) else value
    if moment is None:
        return mark_safe("")
    local = timezone.localtime(moment)
    said = moments.LOOKS[look](local, timezone.localtime())
    iso = local.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, moments.exact_with_zone(local), said)


@register.filter
def day_heading(value: datetime) -> str:
    """ "Today", "Yesterday" or the day: what stands between two days of a timeline."""
    return moments.day_heading(timezone.localtime(value), timezone.localtime())


@register.simple_tag
def told(text: str, url: str = "", subject: str = "") -> SafeString:
    """What somebody did, with the subject in it as a link to its page; without a subject all of it is the link."""
    before, found, after = text.rpartition(subject) if subject else ("", "", "")
    if not found:
        before, found, after = "", text, ""
    return format_html("{}{}{}", before, format_html('<a href="{}">{}</a>', url, found) if url else found, after)


@register.simple_tag
def avatar(name: object) -> SafeString:
    """Initials in a circle; the name itself stands beside it."""
    words = re.findall(r"\w+", str(name or "?").partition("@")[0])
    initials = "".join(part[0] for part in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials or "?")


@register.simple_tag
def who(name: object) -> SafeString:
    """A person or service account: initials and name."""
    return format_html('<span class="who">{}{}</span>', avatar(name), name) if name else mark_safe("")


@register.filter
def breakable(address: object) -> SafeString:
    """An e-mail address that breaks after "@" and before a dot where it is too long for its place."""
    return mark_safe(re.sub(r"@|(?=\.)", r"\g<0><wbr>", escape(address)))  # noqa: S308 escaped


@register.filter
def web_link(address: object) -> str:
    """`address` if a browser may follow it (http, https, mailto), else nothing: the test for printing it as a link."""
    text = str(address or "")
    return text if text.lower().startswith(("http://", "https://", "mailto:")) else ""


@register.simple_tag
def fact(label: str, value: object) -> SafeString:
    """One entry of a `dl.facts` or `dl.pairs`; nothing when there is no value."""
    if value is None or value == "":
        return mark_safe("")
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, value)


# ---- code


@register.inclusion_tag("components/code.html")
def code(label: str, text: object) -> dict[str, Any]:
    """A dark block with a copy button; variables, quoted strings and line continuations are coloured."""
    return {"label": label, "code": commands.coloured(str(text).strip())}


@register.inclusion_tag("components/code.html", takes_context=True)
def curl(
    context: template.Context, label: str, method: str, path: str, *, body: object = None, auth: str = "Bearer"
) -> dict[str, Any]:
    """The request that supplies what a page lacks, for this host, `$TOKEN` left as a variable; `auth=""` sends none."""
    address = context["request"].build_absolute_uri(path)
    return code(label, commands.curl(method, address, body=body, auth=auth))


# ---- forms and lists


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, *, placeholder: str | None = None, rows: int = 3) -> dict[str, Any]:
    """A form field with label, errors and hint, wired for assistive technology. Optional fields are marked as such."""
    widget = bound.field.widget
    attrs: dict[str, Any] = {}
    if not isinstance(widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple):
        attrs["class"] = "input"
    if placeholder is not None:
        attrs["placeholder"] = placeholder or False  # False: none, also where the form has one
    if getattr(widget, "input_type", "") == "" and not isinstance(widget, Select):
        attrs["rows"] = rows
    kind = "check" if isinstance(widget, CheckboxInput) else "group" if bound.use_fieldset else "input"
    return {"field": bound, "control": bound.as_widget(attrs=attrs) if kind != "group" else "", "kind": kind}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """What a failed post says first: the form's own errors, and links to the fields that need a look."""
    return {"form": form, "fields": [each for each in form if each.errors]}


@register.simple_tag
def form_version(form: Any) -> SafeString:
    """What a form carries that changes something stored, for `is_current`; nothing for one that begins empty."""
    if not form.initial:
        return SafeString()
    return format_html('<input type="hidden" name="{}" value="{}">', VERSION, version_of(form))


@register.simple_tag(takes_context=True)
def sort(context: template.Context, column: str, label: str, *, css: str = "", default: str = "") -> SafeString:
    """A table head that sorts by `column` (`?sort=`); `default` is the direction of the list before anyone sorts."""
    chosen = context["request"].GET.get("sort", "")
    direction = {column: "ascending", f"-{column}": "descending"}.get(chosen, "" if chosen else default)
    turned = f"-{column}" if direction == "ascending" else column
    arrow = icons.svg("arrow-up" if direction == "ascending" else "arrow-down", "sm") if direction else ""
    return format_html(
        '<th scope="col"{}{}><a href="{}">{}{}</a></th>',
        format_html(' class="{}"', css) if css else "",
        format_html(' aria-sort="{}"', direction) if direction else "",
        query_string(context["request"], sort=turned),
        label,
        arrow,
    )


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The query string of this page with `changes`; None removes. Cursors go unless named."""
    return query_string(context["request"], **changes)


@register.inclusion_tag("components/spark.html")
def spark(values: Sequence[float], label: str, *, kind: str = "line") -> dict[str, Any]:
    """A small chart of `values`, oldest first, as "line" or "bars"; `label` says the numbers in words."""
    if not values:
        return {}
    if kind == "bars":
        return {"label": label, "columns": drawings.spark_columns(values)}
    points = drawings.spark_line(values)
    return {"label": label, "path": " ".join(f"{x} {y}" for x, y in points), "last": points[-1][1]}


# ---- rights and panels


@register.filter
def refusal(error: Any) -> str:
    """Why a page is refused, for people: what the right that is missing would let them do, not what it is called."""
    known = ACTIONS.get(getattr(error, "action", ""))
    if known is None:
        return getattr(error, "message", "")
    return f"Your role does not let you {known[0].lower()}{known[1:]}. An owner or admin of the organization can help."


@register.inclusion_tag("catalog/settings/tabs.html", takes_context=True)
def settings_tabs(context: template.Context) -> dict[str, Any]:
    """The pages below Settings that this person may open."""
    return {"tabs": slots.settings_tabs(context["request"])}


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str, subject: Any = None) -> bool:
    """Whether who looks at the page may do `action` on `subject`: `{% may "organization:role:create" as allowed %}`."""
    actor = context["request"].actor
    return bool(actor) and actor.may(action, subject)


@register.simple_tag(takes_context=True)
def history(context: template.Context, subject: Any) -> SafeString:
    """The timeline of one thing."""
    return mark_safe(history_panel(context["request"], subject))  # noqa: S308 a template escaped it


@register.simple_tag(takes_context=True)
def panels(context: template.Context, slot: str, subject: Any = None) -> SafeString:
    """Everything the apps hung on `slot`, in order."""
    return mark_safe("\n".join(slots.render(slot, context["request"], subject)))  # noqa: S308 templates escaped it
