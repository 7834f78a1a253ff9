"""TextGenerationWithImage."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from distilabel.steps.tasks import TextGenerationWithImage

from .asked import answered, scripted

URL = "https://example.com/cat.png"


def asked(image_type, image, **fields):
    task = TextGenerationWithImage(llm=scripted(""), image_type=image_type, **fields)
    return task.format_input({"instruction": "What is {this}?", "image": image})


def address(image_type, image):
    return asked(image_type, image)[-1]["content"][1]["image_url"]["url"]


class TestPrompt:
    def test_question_is_a_text_part_and_an_image_part(self):
        assert asked("url", URL) == [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is {this}?"},
                    {"type": "image_url", "image_url": {"url": URL}},
                ],
            },
        ]

    def test_system_prompt_goes_before_in_parts_as_well(self):
        assert asked("url", URL, system_prompt="Be brief.")[0] == {
            "role": "system",
            "content": [{"type": "text", "text": "Be brief."}],
        }

    def test_template_may_use_other_columns(self):
        task = TextGenerationWithImage(llm=scripted(""), template="Describe {{ what }}.", columns=["what"])
        assert task.inputs == {"image": True, "what": True, "system_prompt": False}
        (message,) = task.format_input({"what": "it", "image": URL})
        assert message["content"][0]["text"] == "Describe it."

    @pytest.mark.parametrize(
        ("beginning", "kind"),
        [
            (b"\x89PNG\r\n\x1a\n", "png"),
            (b"\xff\xd8\xff\xe0", "jpeg"),
            (b"GIF89a", "gif"),
            (b"RIFF\x24\x00\x00\x00WEBP", "webp"),
        ],
    )
    def test_base64_becomes_a_data_url_of_its_kind(self, beginning, kind):
        text = base64.b64encode(beginning + b"more").decode()
        assert address("base64", text) == f"data:image/{kind};base64,{text}"

    def test_data_url_is_given_as_it_is(self):
        assert address("base64", "data:image/bmp;base64,Qk0=") == "data:image/bmp;base64,Qk0="

    def test_image_of_pillow_becomes_a_data_url(self):
        picture = Image.new("RGB", (2, 1), "red")
        head, _, data = address("PIL", picture).partition(",")
        assert head == "data:image/png;base64"
        assert Image.open(BytesIO(base64.b64decode(data))).tobytes() == picture.tobytes()
        assert address("PIL", picture) == address("PIL", picture.copy())

    @pytest.mark.parametrize(
        ("image_type", "image", "reason"),
        [
            ("url", None, "must hold text: `image_type` is 'url'"),
            ("base64", b"\x89PNG", "must hold text: `image_type` is 'base64'"),
            ("base64", "Qk0=", "no PNG, JPEG, GIF or WebP in base64: use a data URL"),
            ("PIL", URL, "must hold an image of Pillow: `image_type` is 'PIL'"),
        ],
    )
    def test_image_that_is_not_what_it_should_be_costs_its_row_alone(self, image_type, image, reason):
        row = {"instruction": "a", "image": image}
        made = answered(TextGenerationWithImage, "x", row, image_type=image_type)
        assert made["generation"] is None
        assert reason in made["failure"]

    @pytest.mark.parametrize("image_type", ["url", "base64", "PIL"])
    def test_print_shows_the_question(self, image_type, capsys):
        TextGenerationWithImage(llm=scripted(""), image_type=image_type).print()
        assert "image_url" in capsys.readouterr().out


class TestAnswer:
    def test_text_is_given_as_it_is(self):
        row = {"instruction": "a", "image": URL}
        assert answered(TextGenerationWithImage, " A cat.\n", row) == {"generation": " A cat.\n"}

    def test_no_text_is_none_and_the_reason(self):
        made = answered(TextGenerationWithImage, None, {"instruction": "a", "image": URL})
        assert made["generation"] is None
        assert made["failure"]
