import { CallList } from "./list";

export const CallsPage = () => <CallList />;
