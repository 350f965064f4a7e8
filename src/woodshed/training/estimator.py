"""Base class of all estimators, with the settings API of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from woodshed.errors import NotFittedError, SettingNameError, near_miss


@dataclass(kw_only=True, eq=False)
class Estimator:
    """Base class of all estimators: keyword settings and learned attributes.

    A subclass is a dataclass whose fields are its settings.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    fit_call: ClassVar[str] = "fit(data)"
    """Call that fits the estimator, as error messages spell it."""

    derived_names: ClassVar[tuple[str, ...]] = ()
    """Cached properties derived from learned attributes: dropped when these change, and not pickled."""

    def __new__(cls, **settings: Any) -> Self:
        """Raise `SettingNameError` for a misspelt setting, before the TypeError of a dataclass."""
        names = [setting.name for setting in fields(cls)]
        for name in settings:
            if name not in names:
                raise SettingNameError(f"{cls.__name__} has no setting {name}. {near_miss(name, names)}")
        return super().__new__(cls)

    def fitted(self, name: str) -> Any:
        """Return a learned attribute.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        if not hasattr(self, name):
            raise NotFittedError(
                f"This {type(self).__name__} is not fitted yet. Call {self.fit_call}, or load a model, first."
            )
        return getattr(self, name)

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
