/** Lines of each icon on a grid of 24. */
const PATHS = {
  play: "M8 5.500v13l10.500-6.500z",
  stop: "M7 7h10v10H7z",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l.800 12.500h8.400L17 7M10.500 11v5M13.500 11v5",
  sun:
    "M12 8.200a3.800 3.800 0 1 0 0 7.600 3.800 3.800 0 0 0 0-7.600M12 3v1.800M12 19.200V21M3 12h1.800M19.200 12H21M5.600 5.600l1.300 1.300M17.100 17.100l1.300 1.300M18.400 5.600l-1.300 1.300M6.900 17.100l-1.300 1.300",
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
