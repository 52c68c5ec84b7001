// Reads [{picture: {data, shape}, corners}, …] from standard input and writes the pages that the test-drive straightens.
import { readFileSync } from "node:fs";
import { rectified } from "../../site/assets/test-drive/results/rectify.js";

const jobs = JSON.parse(readFileSync(0, "utf8"));
const pages = jobs.map(({ picture, corners }) => rectified({ ...picture, data: Uint8Array.from(picture.data) }, corners));
process.stdout.write(JSON.stringify(pages.map((page) => page && { ...page, data: [...page.data] })));
