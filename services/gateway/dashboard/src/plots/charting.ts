// The charting library, as much of it as is used. Loaded by the first plot, not with the page.

import { BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import {
  BrushComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  ParallelComponent,
  TitleComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart]);
use([BrushComponent, DataZoomComponent, GridComponent, LegendComponent, ParallelComponent]);
use([MarkAreaComponent, MarkLineComponent, MarkPointComponent]);
use([TitleComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

export { type ECharts, init } from "echarts/core";
