/**
 * Entry of the test-drive. Until the visitor presses the button in `#test-drive`, this file is all that is loaded.
 */

const section = document.getElementById("test-drive");
const button = section?.querySelector("button");

async function start() {
  button.disabled = true;
  try {
    const { mount } = await import("./app.js");
    await mount(section);
    button.remove();
    /** @type {HTMLElement} */ (section.querySelector(".td-run")).focus({ preventScroll: true }); // so that the keyboard stays where it was
  } catch (error) {
    button.disabled = false;
    report(error);
  }
}

/** @param {Error} error */
function report(error) {
  const note = section.querySelector("[role=alert]") ?? section.appendChild(document.createElement("p"));
  note.setAttribute("role", "alert");
  const cure = error.name === "Failure" ? "" : ". Check the connection and press the button again.";
  note.textContent = `The test-drive could not start: ${error.message}${cure}`;
}

button?.addEventListener("click", start);
