// @ts-check
/** Turns pictures into JPEG on a thread of its own: {picture, width, height, quality} -> {jpeg} or {error}. */

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext("2d", { alpha: false });

self.addEventListener("message", async ({ data: { picture, width, height, quality } }) => {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context?.drawImage(picture, 0, 0, width, height);
  picture.close();
  try {
    self.postMessage({ jpeg: await canvas.convertToBlob({ type: "image/jpeg", quality }) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
});
