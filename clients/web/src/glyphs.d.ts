declare module "glyphs:*" {
  /** Each drawing as its shapes: the element and its attributes. */
  const shapes: Readonly<Record<string, readonly (readonly ["path" | "circle" | "rect" | "line", Readonly<Record<string, string>>])[]>>;
  export default shapes;
}
