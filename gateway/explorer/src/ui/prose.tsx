// A text of the API, in which names stand between backticks as in Markdown.
export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part));
}
