// Colours of the page's style sheet, for what is drawn on a canvas.
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Call `draw` whenever the theme changes between light and dark. */
export const onTheme = (draw) => matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
