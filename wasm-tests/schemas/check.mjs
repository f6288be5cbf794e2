// Reads manifests, a JSON list, and tells what is wrong with each by the schemas of those who take them. What no schema knows is
// wrong too: Kubernetes throws it away and says nothing.
//
//     npm ci --ignore-scripts && node check.mjs < manifests.json
import { readFileSync } from "node:fs";

const istio = "@kubernetes-models/istio/_schemas/";
const gateway = "@kubernetes-models/envoy-gateway/_schemas/";
const kubernetes = "kubernetes-models/_schemas/";
const schemas = {
  "extensions.istio.io/v1alpha1/WasmPlugin": `${istio}ExtensionsIstioIoV1alpha1WasmPlugin.js`,
  "networking.istio.io/v1alpha3/EnvoyFilter": `${istio}NetworkingIstioIoV1alpha3EnvoyFilter.js`,
  "gateway.envoyproxy.io/v1alpha1/EnvoyExtensionPolicy": `${gateway}ComGithubEnvoyproxyGatewayApiV1alpha1EnvoyExtensionPolicy.js`,
  "apps/v1/Deployment": `${kubernetes}IoK8sApiAppsV1Deployment.js`,
  "v1/ConfigMap": `${kubernetes}IoK8sApiCoreV1ConfigMap.js`,
  "v1/Service": `${kubernetes}IoK8sApiCoreV1Service.js`,
};
// Where anything may stand: patches, documents, labels.
const open = [
  /^\/spec\/configPatches\/\d+\/patch\/value/,
  /^\/spec\/pluginConfig/,
  /^\/spec\/wasm\/\d+\/config/,
  /\/(labels|matchLabels|annotations|data|nodeSelector)$/,
];

// A value that remembers which of its members were looked at.
function watched(value, path, seen) {
  if (typeof value !== "object" || value === null) return value;
  const members = new Set();
  const kept = new Map();
  seen.push({ path, value, members });
  return new Proxy(value, {
    get(target, name) {
      if (typeof name === "symbol" || !Object.hasOwn(target, name)) return target[name];
      members.add(name);
      if (!kept.has(name)) kept.set(name, watched(target[name], `${path}/${name}`, seen));
      return kept.get(name);
    },
  });
}

async function problems(manifest) {
  const kind = `${manifest.apiVersion}/${manifest.kind}`;
  if (!schemas[kind]) return [`no schema is known for ${kind}`];
  const { validate } = await import(new URL(`node_modules/${schemas[kind]}`, import.meta.url));
  const seen = [];
  if (!validate(watched(manifest, "", seen))) {
    return validate.errors.map(({ instancePath, message, keyword, params }) =>
      `${instancePath}: ${message ?? keyword} ${JSON.stringify(params)}`);
  }
  const unknown = [];
  for (const { path, value, members } of seen) {
    if (Array.isArray(value) || open.some((place) => place.test(path))) continue;
    for (const member of Object.keys(value).filter((member) => !members.has(member))) {
      unknown.push(`${path}/${member}: the schema has no such member`);
    }
  }
  return unknown;
}

const manifests = JSON.parse(readFileSync(0, "utf8"));
let wrong = 0;
for (const manifest of manifests) {
  for (const problem of await problems(manifest)) {
    console.log(`${manifest.kind} ${manifest.metadata?.name}: ${problem}`);
    wrong += 1;
  }
}
console.log(`${manifests.length} manifests, ${wrong} problems`);
process.exit(wrong ? 1 : 0);
