import { render } from "preact";
import { App } from "./app.tsx";
import { refuseFiles } from "./parts/dropped_files.ts";
import { applyTheme } from "./shell/theme.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/run.css";
import "./styles/output.css";
import "./styles/result.css";
import "./styles/lists.css";
import "./styles/live.css";
import "./styles/notebook.css";

applyTheme();
refuseFiles();
const place = document.getElementById("console");
place?.replaceChildren(); // The skeleton that the document has until now.
if (place !== null) render(<App />, place);
