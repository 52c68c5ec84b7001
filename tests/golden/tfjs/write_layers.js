// Writes the layers models of this folder anew, with TF.js itself: `node tests/golden/tfjs/write_layers.js`.
// Needs @tensorflow/tfjs-core, tfjs-layers and tfjs-backend-cpu 4.22 where Node finds them; the tests need none of these.
// `expected.json` holds inputs and what TF.js computes of them. Two shards, cut in the middle of a weight.
const fs = require("node:fs");
const path = require("node:path");
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { input, layers, model, sequential } = require("@tensorflow/tfjs-layers");

const random = (shape, seed) => tf.randomNormal(shape, 0, 1, "float32", seed);
const record = (tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, data: Array.from(tensor.dataSync()) });
const named = (names, tensors) => Object.fromEntries(names.map((name, i) => [name, record(tensors[i])]));

async function save(net, name, feed) {
  const folder = path.join(__dirname, name);
  fs.mkdirSync(folder, { recursive: true });
  const weights = net.getWeights();
  net.setWeights(weights.map((w, i) => tf.randomUniform(w.shape, w.shape.length > 1 ? -0.3 : 0.1, 0.5, "float32", i)));
  const write = (file, data) => fs.writeFileSync(path.join(folder, file), data);
  await net.save(tf.io.withSaveHandler(async (artifacts) => {
    const { generatedBy, modelTopology, weightSpecs, weightData } = artifacts;
    const data = Buffer.from(weightData);
    const half = Math.floor(data.length / 2);
    const paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"];
    write(paths[0], data.subarray(0, half));
    write(paths[1], data.subarray(half));
    const weightsManifest = [{ paths, weights: weightSpecs }];
    write("model.json", JSON.stringify({ format: "layers-model", generatedBy, modelTopology, weightsManifest }));
    return { modelArtifactsInfo: {} };
  }));
  const results = [net.predict(feed)].flat();
  write("expected.json", JSON.stringify({ inputs: named(net.inputNames, [feed]), outputs: named(net.outputNames, results) }));
}

function functional() {
  const recurrentInitializer = "glorotUniform";
  const image = input({ shape: [8, 6, 3], name: "image" });
  const first = layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", strides: 2, activation: "relu" }).apply(image);
  const normal = layers.batchNormalization().apply(first);
  const separable = { filters: 4, kernelSize: 3, padding: "same", activation: "hardSigmoid" };
  const sum = layers.add().apply([normal, layers.separableConv2d(separable).apply(normal)]);
  const sequence = layers.reshape({ targetShape: [12, 4] }).apply(sum);
  const lstm = layers.lstm({ units: 2, recurrentInitializer });
  const outputs = [
    layers.upSampling2d({ size: [2, 2], name: "up" }).apply(sum),
    layers.gru({ units: 3, recurrentInitializer, name: "gru_out" }).apply(sequence),
    layers.bidirectional({ layer: lstm, mergeMode: "concat", name: "both" }).apply(sequence),
    layers.dense({ units: 5, activation: "softmax", name: "scores" }).apply(layers.globalAveragePooling2d({}).apply(sum)),
  ];
  return model({ inputs: image, outputs });
}

function oneAfterTheOther() {
  const net = sequential();
  net.add(layers.conv1d({ inputShape: [10, 3], filters: 4, kernelSize: 3, activation: "elu" }));
  net.add(layers.maxPooling1d({ poolSize: 2 }));
  net.add(layers.flatten());
  net.add(layers.dropout({ rate: 0.5 }));
  net.add(layers.dense({ units: 3, activation: "sigmoid" }));
  return net;
}

tf.setBackend("cpu")
  .then(() => save(functional(), "layers_functional", random([2, 8, 6, 3], 7)))
  .then(() => save(oneAfterTheOther(), "layers_sequential", random([2, 10, 3], 8)));
