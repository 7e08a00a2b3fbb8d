import { describeKinds } from '../helpers/kind-rounds.ts';

describeKinds('server');
