/* Files out of the page and into it; nothing leaves the machine. */
export function download(name: string, bytes: BlobPart, type = "application/json"): void {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  /* The browser has taken it by then. */
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/* A file dropped anywhere on the page. */
export function on_drop(take: (file: File) => void): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) take(file);
  });
}
