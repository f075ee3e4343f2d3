"""Two themes that colour-blind people can tell apart, dark and light, and the one that follows the terminal.

The hues keep to blue and orange with different lightness (after Okabe and Ito); every pair in `PAIRS` has a contrast
of at least 4.5:1 (BITV 2.0, WCAG 2.1 1.4.3), which a test computes.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="bauweiche-dunkel",
    primary="#7cc4f5",
    secondary="#9fb8cc",
    accent="#7cc4f5",
    foreground="#dfe6ee",
    background="#10151b",
    surface="#171e26",
    panel="#222c37",
    success="#5fc3e8",
    warning="#f2b134",
    error="#ff9a7a",
    dark=True,
    variables={
        "tone-good": "#5fc3e8",
        "tone-warn": "#f2b134",
        "tone-bad": "#ff9a7a",
        "tone-muted": "#a0b0c0",
        "tone-accent": "#7cc4f5",
        "row-cursor": "#1f3f5c",
        "row-mark": "#2b3138",
        "rule": "#3a4755",
        "tone-strong": "#ffffff",
        "head-background": "#222c37",
        "head-foreground": "#dfe6ee",
        "test-background": "#f2b134",
        "test-foreground": "#10151b",
        "footer-background": "#171e26",
        "footer-foreground": "#b5c2cf",
        "footer-key-foreground": "#7cc4f5",
        "footer-description-foreground": "#b5c2cf",
        "input-selection-background": "#2d5f8b",
        "block-cursor-background": "#1f3f5c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "scrollbar": "#3a4755",
        "scrollbar-background": "#171e26",
    },
)

LIGHT = Theme(
    name="bauweiche-hell",
    primary="#004f86",
    secondary="#3d5366",
    accent="#004f86",
    foreground="#17212b",
    background="#fbfcfd",
    surface="#f1f4f7",
    panel="#e3e9ef",
    success="#00558c",
    warning="#7a4a00",
    error="#a32a00",
    dark=False,
    variables={
        "tone-good": "#00558c",
        "tone-warn": "#7a4a00",
        "tone-bad": "#a32a00",
        "tone-muted": "#4d5d6c",
        "tone-accent": "#004f86",
        "row-cursor": "#cfe3f3",
        "row-mark": "#e9e4d6",
        "rule": "#b3c0cc",
        "tone-strong": "#000000",
        "head-background": "#d9e2ea",
        "head-foreground": "#17212b",
        "test-background": "#7a4a00",
        "test-foreground": "#ffffff",
        "footer-background": "#e9eef3",
        "footer-foreground": "#37475a",
        "footer-key-foreground": "#004f86",
        "footer-description-foreground": "#37475a",
        "input-selection-background": "#a9cdea",
        "block-cursor-background": "#cfe3f3",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "bold",
        "scrollbar": "#b3c0cc",
        "scrollbar-background": "#f1f4f7",
    },
)

_ANSI_VARIABLES = {
    "tone-good": "ansi_cyan",
    "tone-warn": "ansi_yellow",
    "tone-bad": "ansi_red",
    "tone-muted": "ansi_default",
    "tone-accent": "ansi_blue",
    "row-cursor": "ansi_blue",
    "row-mark": "ansi_default",
    "rule": "ansi_default",
    "tone-strong": "ansi_default",
    "head-background": "ansi_default",
    "head-foreground": "ansi_default",
    "test-background": "ansi_yellow",
    "test-foreground": "ansi_black",
    "block-cursor-foreground": "ansi_bright_white",
    "block-cursor-background": "ansi_blue",
}

ANSI = Theme(
    name="bauweiche-ansi",
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_cyan",
    accent="ansi_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    ansi=True,
    variables=BUILTIN_THEMES["ansi-dark"].variables | _ANSI_VARIABLES,
)

THEMES = (DARK, LIGHT, ANSI)

GROUNDS = ("background", "surface", "panel", "row-cursor", "row-mark")
INKS = ("foreground", "tone-good", "tone-warn", "tone-bad", "tone-muted", "tone-accent", "tone-strong")
PAIRS = (
    *((ink, ground) for ground in GROUNDS for ink in INKS),
    ("head-foreground", "head-background"),
    ("test-foreground", "test-background"),
    ("footer-foreground", "footer-background"),
    ("footer-key-foreground", "footer-background"),
)
"""Every ink on every ground on which the console prints it."""


def colour(theme: Theme, name: str) -> str:
    """Return the hex value of a name in `PAIRS`."""
    found = theme.variables.get(name) or getattr(theme, name)
    return str(found)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two hex colours (WCAG 2.1, relative luminance), 1 to 21."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(hex_colour: str) -> float:
    parts = (int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
