"""The schema of ``verbs`` in providers.yaml: how lexicon's four verbs must be called, provider by provider."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from registrar_sync.providers.catalog_entry import Entry


class WireField(Entry):
    """A field of the vendor's record that the lexicon adapter leaves out, and that a source confirms.

    ``field``: its name in the record that is sent; it is put into the innermost object of the request that holds the record's
    type, or its content. ``listed``: its place in a record of the raw listing, a dotted path (None: ``field``); ``type``: what
    it is sent as; ``id``: the field of a raw record that holds lexicon's identifier; ``source``: where that is from.
    """

    field: str
    listed: str | None = None
    type: Literal["int", "str"] = "int"
    id: str = "id"
    source: str


class Verbs(Entry):
    """How lexicon's four verbs must be called at this provider, and what may be believed of them (shape ``verbs``).

    Names. ``apex``: the name that stands for the apex: the zone's ``full`` name, ``at`` (@), ``dot`` (.), ``full-dot`` or
    ``empty``; ``below``: the form of a name below it. ``no_zone``: what the adapter or the vendor says of a zone that the
    account does not hold, instead of lexicon's usual words. ``paths``: parts of URLs that lexicon builds wrongly, and what they
    are to be.

    Listing. ``lists``: what one call of list_records brings: the whole ``zone``, one ``type`` (it must be named), or an
    ``owner``'s rows of a type. ``list_types``: the types to ask for, where a type must be named. ``list_limit``: a listing of
    that many rows may be cut off, and is not believed. ``list_params``: query parameters that every GET of a listing gets.
    ``keeps``: attributes in which the adapter keeps what it read earlier: emptied before every call. ``ttl_absent``: the TTL in
    seconds of a row that is listed without one. ``listing_proves``: types; a row of one of them at the zone's own name shows that
    the adapter has found this zone, and without one it has not (for ``lists: zone``).

    TXT. ``txt_written``: a value is given ``bare`` or ``quoted``, or ``as-found``: as the row that it replaces was listed (a new
    one bare); ``txt_listed``: it is listed ``as-stored``, or ``stripped`` of its first and last quote, or ``unquoted``: without
    any quote. ``txt_long``: a value over 255 octets is given as ``one`` text, ``split`` into quoted strings, ``inner``: the same
    without the first and last quote, which the adapter adds, or ``refused``.

    MX. ``preference``: where a new row's preference goes: into the ``content``, into lexicon's priority option as a number
    (``option-int``) or a text (``option-str``), or into a ``field`` that the adapter leaves out, which is ``mx_field``.
    ``preference_listed``: ``content``, ``field``, the dotted path of a key in a listed row, or ``lost`` (MX is not read at all);
    ``preference_absent``: what a row without that key has. ``preference_zero``: a preference of 0 is ``given`` like any other, as
    the ``text`` "0" (the adapter drops the number), or ``refused``: it cannot be written.

    Writing. ``update``: whether a row can be changed in place ``by-id`` (``none``: removed, then added); ``update_ttl``: whether
    that sets its TTL, too. ``delete``: which way of removing is exact: ``by-id``, or ``by-content``, which for an MX without its
    preference in the content takes every row with that exchange. ``ttl``: how the TTL option is given, or ``field``: into
    ``ttl_field``, which the adapter leaves out, or ``none``: the provider knows only one TTL, which is shown as ``ttl.min`` (and
    ``ttl.max``). ``whole_set``: every write sends all rows of the owner and type again, as lexicon listed them.
    ``blind_create``: while a row is added, the adapter's own look for a row like it finds nothing (it looks at other names, or
    past the preference, and then adds nothing); never where ``whole_set``. ``unsent``: how the URLs of GETs end that are answered
    "{}" unsent.
    """

    apex: Literal["full", "at", "dot", "full-dot", "empty"] = "full"
    below: Literal["full", "full-dot", "relative"] = "full"
    no_zone: list[str] = Field(default=[])
    paths: dict[str, str] = Field(default={})
    lists: Literal["zone", "type", "owner"] = "zone"
    list_types: list[str] = Field(default=["TXT", "MX", "CNAME"])
    list_limit: int | None = Field(default=None, ge=1)
    list_params: dict[str, str | int] = Field(default={})
    keeps: list[str] = Field(default=[])
    ttl_absent: int | None = Field(default=None, ge=0)
    listing_proves: list[str] = Field(default=[])
    txt_written: Literal["bare", "quoted", "as-found"] = "bare"
    txt_listed: Literal["as-stored", "stripped", "unquoted"] = "as-stored"
    txt_long: Literal["one", "split", "inner", "refused"] = "refused"
    preference: Literal["content", "option-int", "option-str", "field"] = "content"
    preference_listed: str = "content"
    preference_absent: int | None = Field(default=None, ge=0, le=65535)
    preference_zero: Literal["given", "text", "refused"] = "given"
    mx_field: WireField | None = None
    update: Literal["by-id", "none"] = "none"
    update_ttl: bool = True
    delete: Literal["by-id", "by-content"] = "by-content"
    ttl: Literal["int", "str", "field", "none"] = "int"
    ttl_field: WireField | None = None
    whole_set: bool = False
    blind_create: bool = True
    unsent: list[str] = Field(default=[])
