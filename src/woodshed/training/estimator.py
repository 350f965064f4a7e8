"""Estimator: what every model that learns has in common, as in scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from woodshed.errors import NotFittedError, SettingNameError, near_miss


@dataclass(kw_only=True, eq=False)
class Estimator:
    """Base class of all models: settings by keyword, and attributes that are learned.

    A subclass is a dataclass whose fields are its settings.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    fit_call: ClassVar[str] = "fit(data)"
    """The call that fits it, as error messages spell it."""

    derived_names: ClassVar[tuple[str, ...]] = ()
    """Cached properties made from learned attributes: dropped when these change, and not copied."""

    def __new__(cls, **settings: Any) -> Self:
        """Refuse a misspelt setting by naming the near miss, before anything else is said about it."""
        known = [setting.name for setting in fields(cls)]
        for name in settings:
            if name not in known:
                raise SettingNameError(f"{cls.__name__} has no setting {name}. {near_miss(name, known)}")
        return super().__new__(cls)

    def fitted(self, name: str) -> Any:
        """Return a learned attribute.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        """
        if not hasattr(self, name):
            raise NotFittedError(
                f"This {type(self).__name__} has not learned yet. "
                f"Call {self.fit_call}, or load a model, first."
            )
        return getattr(self, name)

    def drop_derived(self) -> None:
        """Forget what was made from learned attributes that have changed."""
        for name in self.derived_names:
            self.__dict__.pop(name, None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in self.derived_names}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all settings by name; ``deep`` changes nothing, there are no nested estimators."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self)}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; takes effect at the next ``fit``."""
        type(self)(**settings)  # refuses what does not exist
        for name, value in settings.items():
            setattr(self, name, value)
        return self
