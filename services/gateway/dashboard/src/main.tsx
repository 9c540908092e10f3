import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import { render } from "preact";
import { App } from "./shell/app";

const root = document.getElementById("root");
if (root) render(<App />, root);
