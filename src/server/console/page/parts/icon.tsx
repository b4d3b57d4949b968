/** Lines of each icon on a grid of 24. */
const PATHS = {
  play: "M8 5.500v13l10.500-6.500z",
  stop: "M7 7h10v10H7z",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l.800 12.500h8.400L17 7M10.500 11v5M13.500 11v5",
  sun:
    "M12 8.200a3.800 3.800 0 1 0 0 7.600 3.800 3.800 0 0 0 0-7.600M12 3v1.800M12 19.200V21M3 12h1.800M19.200 12H21M5.600 5.600l1.300 1.300M17.100 17.100l1.300 1.300M18.400 5.600l-1.300 1.300M6.900 17.100l-1.300 1.300",
  chevron: "M7 10l5 5 5-5",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  above: "M5 19h14v-6H5zM12 9V3M9 6h6",
  below: "M5 5h14v6H5zM12 15v6M9 18h6",
  text: "M5 6h14M12 6v13M9 19h6",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  clear: "M4 15l8-9 7 6-6 7H8zM8 10.500l7 6M5 20h14",
  pencil: "M5 19l1-4L16 5l3 3L9 18z",
  open: "M4 18V6h6l2 2.500h8V18zM12 16v-5M9.500 13.200l2.500-2.500 2.500 2.500",
  save: "M12 4v10.500M7.500 10.500l4.500 4.500 4.500-4.500M5 19.500h14",
  link: "M10 14l4-4M8.500 11l-2 2a3.200 3.200 0 0 0 4.500 4.500l2-2M15.500 13l2-2A3.200 3.200 0 0 0 13 6.500l-2 2",
  input: "M4 7h16v10H4zM7.500 10.500l2 1.500-2 1.500M12 14h4",
  check: "M5 12.500l4.500 4.500L19 7.500",
  moon: "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** A picture in the colour of its text. Screen readers pass over it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Properties of a button that is an icon. */
export interface IconButtonProps {
  readonly icon: IconName;
  /** What the button does. It is the accessible name, and the title beside the pointer. */
  readonly label: string;
  /** The keys that do the same, for the title. */
  readonly keys?: string;
  readonly class?: string;
  readonly disabled?: boolean;
  onClick(): void;
}

/** A button that is an icon, with its name for screen readers and pointers. */
export function IconButton({ class: look = "", disabled = false, icon, keys, label, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${look}`.trim()}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
