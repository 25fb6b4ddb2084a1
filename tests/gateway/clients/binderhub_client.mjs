// node binderhub_client.mjs NODE_MODULES BUILD_ENDPOINT SPEC [OPTIONS]
// Prints each event as a line of JSON, and ends as a page does: by closing on the last one.
import { pathToFileURL } from "node:url";

// Its own remarks are not events.
console.log = console.error;
// It is written for browsers.
globalThis.window ??= globalThis;
globalThis.document ??= {
  hidden: false,
  cookie: "",
  addEventListener() {},
  removeEventListener() {},
};

const [modules, endpoint, spec, options] = process.argv.slice(2);
const home = pathToFileURL(`${modules}/@jupyterhub/binderhub-client/`);
const { BinderRepository } = await import(new URL("lib/client.js", home).href);
const repository = new BinderRepository(spec, new URL(endpoint), JSON.parse(options ?? "{}"));
for await (const event of repository.fetch()) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
  if (event.phase === "ready" || event.phase === "failed") {
    repository.close();
    break;
  }
}
