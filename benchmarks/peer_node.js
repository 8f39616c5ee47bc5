// Started by `benchmarks.peers` in a folder with the packages: `node peer_node.js FOLDER SECONDS`.
// Prints milliseconds a face of each package's expression network, on TensorFlow.js's WebAssembly
// back end, as its own Node build uses it.
const fs = require("fs");
const path = require("path");

const [folder, seconds] = [path.resolve(process.argv[2], "node_modules"), Number(process.argv[3])];
const inFolder = (/** @type {string} */ name) => require(path.join(folder, name));
const tf = inFolder("@tensorflow/tfjs");
const wasm = inFolder("@tensorflow/tfjs-backend-wasm");

/** Times of one face after another; reading the result ends each. */
async function time(classify) {
  for (let i = 0; i < 10; i++) await classify();
  const times = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const started = performance.now();
    await classify();
    times.push(performance.now() - started);
  }
  return times;
}

async function faceApi() {
  const api = inFolder("@vladmandic/face-api/dist/face-api.node-wasm.js");
  const net = api.nets.faceExpressionNet;
  await net.loadFromDisk(path.join(folder, "@vladmandic/face-api/model"));
  const face = tf.randomUniform([112, 112, 3], 0, 255);
  return time(async () => {
    const out = await net.forward(face);
    await out.data();
    out.dispose();
  });
}

async function human() {
  const models = path.join(folder, "@vladmandic/human/models");
  const { modelTopology, weightsManifest } = JSON.parse(
    fs.readFileSync(path.join(models, "emotion.json"), "utf8"),
  );
  const weightData = new Uint8Array(fs.readFileSync(path.join(models, "emotion.bin"))).buffer;
  const weightSpecs = weightsManifest.flatMap((part) => part.weights);
  const model = await tf.loadGraphModel({
    load: async () => ({ modelTopology, weightSpecs, weightData }),
  });
  const face = tf.randomUniform(model.inputs[0].shape.map((side) => Math.abs(side || 1)));
  return time(async () => {
    const out = model.execute(face);
    const first = Array.isArray(out) ? out[0] : out;
    await first.data();
    tf.dispose(out);
  });
}

(async () => {
  wasm.setWasmPaths(path.join(folder, "@tensorflow/tfjs-backend-wasm/dist/"));
  await tf.setBackend("wasm");
  await tf.ready();
  const answers = {};
  for (const [name, measure] of Object.entries({
    "@vladmandic/face-api": faceApi,
    "@vladmandic/human": human,
  })) {
    try {
      answers[name] = { times_ms: await measure() };
    } catch (error) {
      answers[name] = { reason: String(error) };
    }
  }
  console.log(JSON.stringify(answers));
})();
