export { sendPage, sendPart } from "./send_page.ts";
