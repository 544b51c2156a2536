import * as React from 'react';

interface Props {
  label: string;
  onClick?: () => void;
}

/** A button. */
export const Button: React.FC<Props> = ({ label, onClick }) => {
  const [busy, setBusy] = React.useState(false);

  const handleClick = React.useCallback(async () => {
    setBusy(true);
    onClick?.();
  }, [onClick]);

  return <button disabled={busy} onClick={handleClick}>{label}</button>;
};

export const Fancy = React.memo(function Fancy(props: Props) {
  return <Button {...props} />;
});

export default function App() {
  function renderRow(label: string) {
    return <Button key={label} label={label} />;
  }
  return <>{['a', 'b'].map(renderRow)}</>;
}
