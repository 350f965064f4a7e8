"""Base class of all estimators, with the settings API of scikit-learn.

It is not scikit-learn's own base class, because prediction must not import scikit-learn. What its tools
need of an estimator is here: settings, tags, metadata routing, and whether it is fitted. There is no
``n_features_in_``: the first argument of ``fit`` is a list of sounds or scores, not a table.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from woodshed.errors import NotFittedError, ParameterError, SettingNameError, near_miss, printable


@dataclass(kw_only=True, eq=False)
class Estimator:
    """Base class of all estimators: keyword settings and learned attributes.

    A subclass is a dataclass whose fields are its settings. An estimator can be pickled for another process
    of the same version, as joblib does; to keep a model, use its method ``save``.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    fit_call: ClassVar[str] = "fit(data)"
    """Call that fits the estimator, as error messages spell it."""

    verbs: ClassVar[tuple[str, ...]] = ("info",)
    """Verbs of the command line that take a model of this kind."""

    methods: ClassVar[tuple[str, ...]] = ()
    """Methods by which it is used in Python, as error messages list them."""

    fit_metadata: ClassVar[tuple[str, ...]] = ("groups",)
    """Arguments of ``fit`` beside the data and the targets, one for each sound: what can be routed to it."""

    learned_name: ClassVar[str] = ""
    """Attribute that ``fit`` sets; empty: there is nothing to fit."""

    derived_names: ClassVar[tuple[str, ...]] = ()
    """Cached properties derived from learned attributes: dropped when these change, and not pickled."""

    def __new__(cls, **settings: Any) -> Self:
        """Raise `SettingNameError` for a misspelt setting, before the TypeError of a dataclass."""
        names = [setting.name for setting in fields(cls)]
        for name in settings:
            if name not in names:
                raise SettingNameError(f"{cls.__name__} has no setting {name}. {near_miss(name, names)}")
        return super().__new__(cls)

    @classmethod
    def usage(cls) -> str:
        """Return a sentence with the task, the verbs and the methods of this kind of model."""
        task = getattr(cls, "task", "")
        kind = f"A model of the task {task!r}" if task else f"A {cls.__name__}"
        methods = f"; in Python {', '.join(cls.methods)}" if cls.methods else ""
        return f"{kind} has the verbs {', '.join(cls.verbs)}{methods}."

    if not TYPE_CHECKING:  # type checkers know which attributes there are

        def __getattr__(self, name: str) -> Any:
            """Raise an AttributeError that tells how a model of this kind is used."""
            if name.startswith("_") or name.endswith("_") or hasattr(type(self), name):
                return object.__getattribute__(self, name)  # raises what the property raised
            raise AttributeError(
                f"{type(self).__name__} has no attribute {name}. {self.usage()}", name=name, obj=self
            )

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Keep the decorator ``dataclass`` from writing a ``__repr__`` of all settings."""
        super().__init_subclass__(**arguments)
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Estimator.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """Return the call that makes the estimator, with the settings that are not the default."""
        changed = (
            f"{setting.name}={getattr(self, setting.name)!r}"
            for setting in fields(self)
            if getattr(self, setting.name, setting.default) != setting.default
        )
        return f"{type(self).__name__}({', '.join(changed)})"

    def _repr_html_(self) -> str:
        """Return the diagram that scikit-learn shows in a notebook; names and values are escaped."""
        from sklearn.utils import estimator_html_repr

        html: str = estimator_html_repr(self)
        return html

    def fitted(self, name: str) -> Any:
        """Return a learned attribute.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        if not hasattr(self, name):
            raise _not_fitted_error()(
                f"This {type(self).__name__} is not fitted yet. Call {self.fit_call}, or load a model, first."
            )
        return getattr(self, name)

    def __sklearn_is_fitted__(self) -> bool:
        return not self.learned_name or hasattr(self, self.learned_name)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: an estimator whose X is not a table."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(two_d_array=False),
        )

    def get_metadata_routing(self) -> Any:
        """Return which arguments of ``fit`` scikit-learn's tools pass on; none until it is requested."""
        from sklearn.utils.metadata_routing import MetadataRequest

        stored = getattr(self, "_metadata_request", None)
        if stored is not None:
            return stored
        requests = MetadataRequest(owner=type(self).__name__)
        for name in self.fit_metadata:
            requests.fit.add_request(param=name, alias=None)
        return requests

    def set_fit_request(self, **requests: bool | str | None) -> Self:
        """Set which arguments of ``fit`` scikit-learn's tools pass on, if metadata routing is enabled.

        Parameters
        ----------
        requests
            ``groups`` or ``sample_weight``: True passes it on, False does not, None raises an error if it is
            given, and a text is the name under which it is given.

        Raises
        ------
        SettingNameError
            If ``fit`` has no such argument.

        Examples
        --------
        >>> from woodshed.recognition.estimator import Recogniser
        >>> Recogniser().set_fit_request(groups=True).get_metadata_routing().fit.requests
        {'groups': True, 'sample_weight': None}
        """
        routing = self.get_metadata_routing()
        for name, alias in requests.items():
            if name not in self.fit_metadata:
                raise SettingNameError(
                    f"fit of {type(self).__name__} has no {name} to pass on. "
                    f"{near_miss(name, self.fit_metadata)}"
                )
            routing.fit.add_request(param=name, alias=alias)
        self._metadata_request = routing  # the name that sklearn.base.clone copies
        return self

    def drop_derived(self) -> None:
        """Drop the cached properties after learned attributes have changed."""
        for name in self.derived_names:
            self.__dict__.pop(name, None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in self.derived_names}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all settings by name; ``deep`` has no effect, since there are no nested estimators."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self)}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; they take effect at the next ``fit``."""
        type(self)(**settings)  # raises for an unknown name
        for name, value in settings.items():
            setattr(self, name, value)
        return self


def check_verb(model: Any, verb: str, name: object = "") -> None:
    """Check that a verb of the command line can be used with a model.

    Parameters
    ----------
    model
        Any object.
    verb
        The verb, such as ``predict``.
    name
        How the user named the model, if it was read from a folder.

    Raises
    ------
    ParameterError
        If it cannot; the message tells what the model is, and which verbs it has.

    Examples
    --------
    >>> from woodshed.tasks.tune import TuneComposer
    >>> check_verb(TuneComposer(), "predict", "my-model")
    Traceback (most recent call last):
    woodshed.errors.ParameterError: my-model cannot be used with predict. A model of the task 'tune' has the
    verbs generate, explain, info; in Python fit, sample, score, save.
    """
    if verb in getattr(model, "verbs", ()):
        return
    usage = (
        model.usage() if isinstance(model, Estimator) else "Expected a model, as woodshed.load returns it."
    )
    raise ParameterError(f"{printable(name or type(model).__name__)} cannot be used with {verb}. {usage}")


@cache
def _not_fitted_error() -> type[NotFittedError]:
    """Return the error as a class that scikit-learn's own ``NotFittedError`` includes."""
    from sklearn.exceptions import NotFittedError as SklearnNotFittedError

    return type("NotFittedError", (NotFittedError, SklearnNotFittedError), {"__module__": __name__})
