"""The schema of the data of style transfer."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from likeness.config.schema.base import FileSource, Positive
from likeness.spatial import MAX_PIXELS

_Above0 = Annotated[float, Field(gt=0)]
_Pixels = Annotated[int, Field(ge=32)]


class StyleImages(FileSource):
    """One content and the styles that it is painted in."""

    target: Literal["likeness.data.style.style_pictures.style_pictures"] = Field(alias="_target_")
    content: str | None
    style: str | Annotated[list[str], Field(min_length=1)] | None
    style_weights: Annotated[list[_Above0], Field(min_length=1)] | None
    masks: Annotated[list[str], Field(min_length=1)] | None
    sizes: Annotated[list[_Pixels], Field(min_length=1)]
    portions: Annotated[list[_Above0], Field(min_length=1)] | None
    total_steps: Positive
    style_scale: _Above0
    color: Literal["style", "match", "luminance"]
    max_pixels: Positive = MAX_PIXELS


class StyleFolders(FileSource):
    """Folders of contents and of styles, of which crops are trained on."""

    target: Literal["likeness.data.style.style_folders.style_folders"] = Field(alias="_target_")
    contents: str | None
    styles: str | None
    resize: _Pixels
    crop: _Pixels
    batch_size: Positive
    test_share: Annotated[float, Field(ge=0, lt=1)]
    split_seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _crops_fit(self) -> "StyleFolders":
        if self.crop > self.resize:
            raise ValueError(f"data.crop={self.crop} is larger than the images, data.resize={self.resize}")
        return self


StyleData = Annotated[StyleImages | StyleFolders, Field(discriminator="target")]
